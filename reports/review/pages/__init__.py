"""Routes by subject: each reads a request, asks the modules above, and renders."""
