@at:objects @severity:critical @control:SOC2-A1.3
Feature: Proofs survive together with their rows
  A certificate is worth nothing when the proof behind it is gone.

  @id:proof-object-keys
  Scenario: Every recent proof row has a readable object in the proofs bucket
    When each of the "recent proofs" is read from the "proofs" bucket as the application
    Then every one of them is readable
    And every one has the length and digest that its row records
