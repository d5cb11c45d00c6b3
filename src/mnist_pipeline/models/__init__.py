"""The networks. A builder takes shapes and plain numbers and returns an untrained Keras model.

Every builder is called as `build(input_shape, *output_shapes, **settings)`: the shapes come from
the data (without the batch axis), the settings from `<family>.model` in the parameter files. Its
keyword-only arguments, with their types and ranges, are the keys that those files may have.
"""
