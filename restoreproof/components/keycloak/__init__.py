"""Keycloak, the identity provider."""
