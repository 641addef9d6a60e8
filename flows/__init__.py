"""When and in what order: the command line, the settings and the Prefect flows."""
