"""Equipment Stores: the service that UK community equipment stores are run on."""
