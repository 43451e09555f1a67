"""What is told of a night, once a thing: events of Prefect that the automations of `flows.schedule.alerts` send on."""
