"""What our one-file datasets share: where the file is, which version, how bytes get there."""

from pathlib import PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    DatasetError,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)

from mnist_pipeline.errors import BadFileError


class FileDataset(AbstractVersionedDataset):
    """A versioned file on any filesystem that fsspec knows; subclasses turn bytes into data."""

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the file.

        filepath: a path, or an address such as `s3://bucket/file`.
        version: which version to load and to save; `None` for a file without versions.
        credentials, fs_args: handed to the filesystem.
        metadata: for people and plugins; Kedro ignores it.
        """
        self._protocol, path = get_protocol_and_path(filepath, version)
        options: dict[str, Any] = {**(fs_args or {}), **(credentials or {})}
        if self._protocol == "file":
            options.setdefault("auto_mkdir", True)
        self._fs = fsspec.filesystem(self._protocol, **options)
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def _read(self) -> bytes:
        path = self._load_path_str()
        try:
            content: bytes = self._fs.cat_file(path)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise BadFileError(f"{path}: there is no such file.") from error
        return content

    def _write(self, content: bytes) -> None:
        # First under another name: an interrupted save must not look like the newest version.
        path = get_filepath_str(self._get_save_path(), self._protocol)
        unfinished = f"{path}.part"
        self._fs.pipe_file(unfinished, content)
        self._fs.mv(unfinished, path)

    def _load_path_str(self) -> str:
        return get_filepath_str(self._get_load_path(), self._protocol)

    def _exists(self) -> bool:
        try:
            return bool(self._fs.exists(self._load_path_str()))
        except DatasetError:
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "version": self._version}

    def _release(self) -> None:
        super()._release()
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))
