@at:cache
Feature: The key space of the restored Redis

  @id:keys
  Scenario: Every key came back as it was
    When the keys of "sessions" are read
    Then every key holds what it held when it was backed up
