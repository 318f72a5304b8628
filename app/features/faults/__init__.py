"""The public page that a label's QR code opens, and the faults that people report from it."""
