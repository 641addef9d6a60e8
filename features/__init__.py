"""From the administrations' files to the monthly feature table."""
