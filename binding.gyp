# For builds in the repository only: the package does not ship it, because npm compiles a package
# that has a binding.gyp at its root, whatever "gypfile" in package.json says.
{"includes": ["native/binding.gyp"]}
