"""ModelNet, ShapeNet, clouds and meshes in files, and generated furniture."""
