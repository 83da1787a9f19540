"""From a task file to records: what is asked for, one session a variant, one record a method, kept in a store."""
