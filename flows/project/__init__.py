"""What every other room needs: paths, settings, hashes, errors, processes."""
