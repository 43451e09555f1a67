"""From a trained network to an ONNX file that is proven equal, and from that file to scores."""
