@severity:critical @control:SOC2-A1.3
Feature: Nothing is replayed before it was looked at
  Requests in flight and jobs in queues are settled or reviewed first.

  @at:database @id:idempotency-keys
  Scenario: Recent in-progress idempotency keys are resolved or expired before writes are replayed
    When the restored rows are searched for "recent in-progress keys"
    Then there is none among them

  @at:workers-held @id:queue-state
  Scenario: Jobs and dead letters are reviewed before workers are scaled up
    When the restored queues are reviewed
    Then they hold what they held when the backup was taken
    And they hold only what the review expects
