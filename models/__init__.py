"""From the feature table to a risk and its exact explanation. Code only: artefacts live in the data folder."""
