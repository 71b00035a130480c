@source
Feature: The documented commands leave a backup that can be drilled
  Whoever follows the operations handbook has a dump, perhaps a mirror of the buckets, and no more.

  Scenario: A dump taken by the documented commands is restored and checked as far as it goes
    Given a running stack with history
    When the documented commands take a dump and copy it out
    And the buckets are mirrored
    And dump and mirror are adopted as a backup set
    And the adopted set is drilled
    Then the drill ends NOT VERIFIED with exit code 3
    And roles, catalogue and identity are reported missing
    And the rows and objects that are there were examined
    And nothing of them was found wrong
