@at:smoke @severity:blocker @control:SOC2-A1.3
Feature: The restored platform serves its users
  The seven verifications that end a restore, made from outside through the proxy.

  @id:readiness
  Scenario: The platform declares itself ready
    When "readiness" is asked for
    Then it answers

  @id:login
  Scenario: A user logs in with the password from before
    When "canary" logs in through the browser
    Then the login is accepted, and nothing is shown without it

  @id:proof-list @rests-on:collation:database
  Scenario: The proof list shows the proofs that were stored
    When "proof list" is asked for
    Then it answers
    And it lists the restored rows

  @id:certificate-pdf
  Scenario: Certificate PDFs download, byte for byte
    When "certificate PDF" is asked for
    Then it answers
    And every answer is what the restored rows record

  @id:canonical-json
  Scenario: Canonical JSON downloads, byte for byte
    When "canonical JSON" is asked for
    Then it answers
    And every answer is what the restored rows record

  @id:billing-report
  Scenario: Billing reports download
    When "billing report" is asked for
    Then it answers
    And every answer is what the restored rows record

  @id:verify
  Scenario: Anyone can verify a certificate, and a tampered one is refused
    When certificates are submitted to "verification"
    Then genuine certificates are confirmed
    And tampered certificates are refused
