"""A regular package: some distributions install a package named tests, which would else be found first."""
