"""The whole protocol: from the feature table to a registered model, and the search for hyper-parameters."""
