"""What a configuration may declare of a source: expressions over its bodies, how they are verified, what is fetched."""
