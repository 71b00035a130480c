"""The record of a drill: a pure function of its plan and its journal."""
