"""A believable platform with sixty days of history, through the platform's own code.

A fixed seed decides everything but secrets, keys of the signer, and the moment "now".
"""
