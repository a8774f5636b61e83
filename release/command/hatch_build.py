"""Names the platform of the executable that the wheel contains, and the files of the page."""

import os
import pathlib

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Platform(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        files = (path for path in pathlib.Path(self.root, "page").rglob("*") if path.is_file())
        build_data["shared_data"] = {str(path): f"share/configdrive/{path.relative_to(self.root)}" for path in files}
        build_data["tag"] = f"py3-none-{os.environ['PLATFORM']}"
