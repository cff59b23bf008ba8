"""Jobs and results in a folder that several services share: any of them answers for all (docs/service.md)."""
