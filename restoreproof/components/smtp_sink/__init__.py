"""Where mail ends: a server that accepts it, delivers nothing, and tells what came."""
