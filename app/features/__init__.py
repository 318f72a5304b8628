"""One folder for each thing that people come to do. Siblings never import each other."""
