"""The reference county, measured over HTTP beside what PostgreSQL alone can do: `stores bench county`."""
