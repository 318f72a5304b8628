"""`stores demo county`: a reference county of any size, honest to the last line, loaded with COPY."""
