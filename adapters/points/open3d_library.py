"""Open3D, imported only by who reads meshes or clouds: it is large, and loads system libraries that may be absent."""

from adafire.errors import InputError

PACKAGES = "libusb-1.0-0 libgl1 libgomp1 libx11-6"


def open3d():
    """The module ``open3d``. InputError: not installed, or a system library is missing."""
    try:
        import open3d

        return open3d
    except ModuleNotFoundError as error:
        if error.name != "open3d":
            raise
        raise InputError(
            "3D data need Open3D, which is not installed; type: pip install 'open3d>=0.19,<0.21'"
        ) from error
    except (ImportError, OSError) as error:  # a shared object that the dynamic linker does not find
        raise InputError(
            f"Open3D does not load: {' '.join(str(error).split())[:200]}; it wants system libraries, on "
            f"Debian and Ubuntu: sudo apt-get install {PACKAGES}"
        ) from error
