"""One module a theme, named as agents know it; a feature's theme is where it stands."""
