"""Tables of any size, shard by shard of people: where each shard's rows lie, and what the shards add up to."""
