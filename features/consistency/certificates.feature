@at:objects @severity:critical @control:SOC2-A1.3
Feature: Certificates can be shown and proven
  Whoever holds a certificate must be able to download it and verify it after the restore.

  @id:certificate-artifacts
  Scenario: PDF and canonical JSON keys resolve for certificates
    When each of the "certificate artifacts" is read from the "certificates" bucket as the application
    Then every one of them is readable
    And every one has the length and digest that its row records

  @id:certificate-signatures
  Scenario: Every certificate carries the signature of a key in custody
    When the signatures of the "certificates" are recomputed
    Then every one of them was made by a key in custody
