"""Multi-task learning on tables: from task records and tensors to ONNX scores."""
