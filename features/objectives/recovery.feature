@severity:critical @control:SOC2-A1.2 @control:DORA-12.6
Feature: The recovery objectives are met
  How much is lost, and how long the platform is away.

  @at:identity @id:rpo
  Scenario: The newest restored records are recent enough
    When the newest restored records are compared with the recovery point
    Then none is older than the recovery point objective allows
    And the assets come from one moment

  @at:workers @id:rto @rests-on:data-size
  Scenario: Service is back within the recovery time objective
    When the time since the drill began is taken
    Then service was back within the recovery time objective

  @at:identity @id:schedule @advisory
  Scenario: The backup schedule can meet the recovery point objective
    When the newest restored records are compared with the recovery point
    Then the schedule loses no more than the objective allows
