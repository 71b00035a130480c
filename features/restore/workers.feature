@severity:critical @control:DORA-12.7
Feature: Workers stay held until the queues are reviewed
  A restored queue must not bill, mail or deliver anything twice.

  @at:smoke @id:no-effect
  Scenario: Nothing leaves the platform before the review is approved
    When the ways out of the platform are watched
    Then none of them has recorded an effect
    And each of them would have recorded one
    And whoever may only write there can't read

  @at:workers @id:canary
  Scenario: A canary job is done once the workers have resumed
    When a canary job is queued
    Then a worker completes it

  @at:workers @id:dead-letters-untouched
  Scenario: No dead letter was replayed unasked
    When the dead letters are compared with the catalogue
    Then none was replayed or lost
