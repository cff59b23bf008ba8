"""How the networks are run: device, precision, batches; the one interface that both models share."""
