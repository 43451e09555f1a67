"""What the gate looks at: one module a kind of check, the people they are made on, and the page of a promotion."""
