"""The external runtime: a target that somebody else provisioned, handled as the contract's block says."""
