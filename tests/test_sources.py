import gzip
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from mnist_pipeline import sources
from mnist_pipeline.datasets import IDXDataset, ImageFolderDataset
from mnist_pipeline.errors import BadFileError, UserError
from mnist_pipeline.idx import digest, encode_idx
from mnist_pipeline.parameters import DataSettings


@pytest.fixture
def settings(tmp_path):
    def build(**changes):
        values = {
            "sources": ["mnist_files"],
            "mnist_dir": str(tmp_path / "mnist"),
            "mirrors": [],
            "download_timeout_seconds": 2.0,
            "png_dir": str(tmp_path / "png"),
            "idx_dir": str(tmp_path / "idx"),
            "idx_transposed": False,
            "name": None,
            "class_names": [str(k) for k in range(10)],
            "train_limit": None,
            "test_limit": None,
        }
        return DataSettings(**{**values, **changes})

    return build


@pytest.fixture
def small_mnist(tiny_digits, monkeypatch):
    """Four small files, and their digests in the place of MNIST's. Name -> gzipped content."""
    arrays = [
        tiny_digits.images,
        tiny_digits.labels,
        tiny_digits.images[:9],
        tiny_digits.labels[:9],
    ]
    files = dict(zip(sources.MNIST_SHA256, arrays, strict=True))
    monkeypatch.setattr(sources, "MNIST_SHA256", {name: digest(a) for name, a in files.items()})
    return {f"{name}.gz": gzip.compress(encode_idx(array)) for name, array in files.items()}


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


# Files


def test_gzipped_mnist_files_are_read(tmp_path, settings, small_mnist, tiny_digits):
    write(tmp_path / "mnist", small_mnist)
    source, raw = sources.read_first_available(settings())
    assert (source, raw.name) == ("mnist_files", "MNIST")
    np.testing.assert_array_equal(raw.train.images, tiny_digits.images)
    np.testing.assert_array_equal(raw.test.labels, tiny_digits.labels[:9])


def test_plain_files_with_a_dot_in_their_name_are_read(tmp_path, settings, small_mnist):
    plain = {
        name.replace("-idx", ".idx").removesuffix(".gz"): gzip.decompress(content)
        for name, content in small_mnist.items()
    }
    write(tmp_path / "mnist", plain)
    assert len(sources.read_first_available(settings())[1].train) == 30


def test_a_file_that_is_not_mnist_is_refused_with_both_digests(tmp_path, settings, small_mnist):
    name = "t10k-labels-idx1-ubyte.gz"
    other = np.arange(9, dtype=np.uint8)
    write(tmp_path / "mnist", {**small_mnist, name: gzip.compress(encode_idx(other))})
    with pytest.raises(BadFileError) as error:
        sources.read_first_available(settings())
    message = str(error.value)
    assert name in message
    assert sources.MNIST_SHA256["t10k-labels-idx1-ubyte"] in message
    assert digest(other) in message


def test_without_any_source_every_reason_is_given(settings):
    with pytest.raises(UserError) as error:
        sources.read_first_available(settings(sources=["mnist_files", "png_folders"]))
    message = str(error.value)
    assert "mnist_files: no train-images-idx3-ubyte" in message
    assert "png_folders: no folder" in message
    assert "MNIST_DIR" in message


def test_a_second_choice_is_announced_with_the_reason(settings, caplog):
    with caplog.at_level(logging.WARNING):
        source, _ = sources.read_first_available(
            settings(sources=["mnist_files", "bundled_digits"])
        )
    assert source == "bundled_digits"
    assert "Using bundled_digits (UCI digits at 28x28)" in caplog.text
    assert "mnist_files: no train-images-idx3-ubyte" in caplog.text


def test_a_first_choice_is_not_announced(settings, caplog):
    sources.read_first_available(settings(sources=["bundled_digits"]))
    assert not caplog.records


@pytest.mark.parametrize("layout", ["flat", "by_class"])
def test_png_folders_of_both_layouts_are_read(tmp_path, settings, tiny_digits, layout):
    for part in ("train", "test"):
        folder = str(tmp_path / "png" / part)
        ImageFolderDataset(filepath=folder, layout=layout).save(tiny_digits)
    _, raw = sources.read_first_available(settings(sources=["png_folders"], name="mine"))
    assert raw.name == "mine"
    assert sorted(raw.train.labels) == sorted(tiny_digits.labels)


def test_another_data_set_in_idx_form_is_read(tmp_path, settings, tiny_digits):
    for part in ("emnist-train", "emnist-test"):
        for kind in ("images-idx3", "labels-idx1"):
            path = str(tmp_path / "idx" / f"{part}-{kind}-ubyte.gz")
            IDXDataset(filepath=path).save(getattr(tiny_digits, kind.split("-")[0]))
    _, raw = sources.read_first_available(settings(sources=["idx_files"]))
    assert raw.name == "IDX files idx"
    np.testing.assert_array_equal(raw.test.images, tiny_digits.images)


def test_pictures_stored_column_by_column_are_turned(tmp_path, settings, tiny_digits):
    for part in ("train", "t10k"):
        for kind in ("images", "labels"):
            path = str(tmp_path / "idx" / f"{part}-{kind}")
            IDXDataset(filepath=path).save(getattr(tiny_digits, kind))
    _, raw = sources.read_first_available(settings(sources=["idx_files"], idx_transposed=True))
    np.testing.assert_array_equal(raw.train.images[3], tiny_digits.images[3].T)
    np.testing.assert_array_equal(raw.test.images[0], tiny_digits.images[0].T)


def test_two_data_sets_in_one_folder_are_refused(tmp_path, settings):
    write(tmp_path / "idx", {"a-train-images": b"", "b-train-images": b""})
    with pytest.raises(BadFileError, match=r"one file of train images, found a-train-images, b-"):
        sources.read_first_available(settings(sources=["idx_files"]))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((8, 28, 28), np.zeros(9, np.uint8), "8 images but 9 labels"),
        ((9, 20, 28), np.zeros(9, np.uint8), r"28x28, found uint8 of shape \(9, 20, 28\)"),
        ((9, 28, 28), np.full(9, 10, np.uint8), "label 10 at position 0, but there are 10 classes"),
        ((9, 28, 28), np.zeros((9, 1), np.uint8), "one uint8 label a picture"),
        ((0, 28, 28), np.zeros(0, np.uint8), "not a single digit"),
    ],
)
def test_digits_that_do_not_fit_are_refused(tmp_path, settings, images, labels, message):
    for part in ("train", "t10k"):
        IDXDataset(filepath=str(tmp_path / f"idx/{part}-images")).save(np.zeros(images, np.uint8))
        IDXDataset(filepath=str(tmp_path / f"idx/{part}-labels")).save(labels)
    with pytest.raises(UserError, match=message):
        sources.read_first_available(settings(sources=["idx_files"]))


# Bundled digits


def test_bundled_digits_look_like_mnist(bundled):
    assert bundled.images.shape == (1437, 28, 28)
    assert bundled.images.dtype == np.uint8
    assert bundled.images.min() == 0
    assert bundled.images.max() == 255
    # MNIST: 20x20 in the middle, centre of mass at the centre, 13 % of full ink on average.
    rows, columns = np.indices((28, 28))
    mass = bundled.images.sum(axis=(1, 2))
    for axis in (rows, columns):
        centre = (bundled.images * axis).sum(axis=(1, 2)) / mass
        assert np.abs(centre - 13.5).max() <= 0.51
    assert 0.11 < bundled.images.mean() / 255 < 0.16


def test_bundled_digits_are_split_once_and_for_all(settings):
    raw = sources.read_bundled_digits(settings())
    assert (len(raw.train), len(raw.test)) == (1437, 360)
    assert raw.test.labels[:5].tolist() == [2, 3, 4, 5, 6]
    assert set(raw.test.labels) == set(range(10))


# Download, from a server of our own


class Mirror:
    """An HTTP server for a dictionary of files, which can resume, break off, and lie."""

    def __init__(self, files):
        self.files = files
        self.resumes = True
        self.status = None
        self.break_after = None
        self.requests = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if mirror.resumes else 0
                mirror.requests.append((self.path, start))
                content = mirror.files.get(self.path.strip("/"))
                if content is None or mirror.status:
                    self.send_error(mirror.status or 404)
                    return
                if start >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                self.wfile.write(content[start : mirror.break_after])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def mirror(small_mnist):
    mirror = Mirror(small_mnist)
    yield mirror
    mirror.server.shutdown()
    mirror.server.server_close()


def test_missing_files_are_downloaded_and_present_ones_left_alone(tmp_path, settings, mirror):
    present = "train-labels-idx1-ubyte.gz"
    write(tmp_path / "mnist", {present: mirror.files[present]})
    downloading = settings(sources=["mnist_download"], mirrors=[mirror.url])
    source, raw = sources.read_first_available(downloading)
    assert (source, raw.name, len(raw.train)) == ("mnist_download", "MNIST", 30)
    assert len(mirror.requests) == 3
    assert sorted(p.name for p in (tmp_path / "mnist").iterdir()) == sorted(mirror.files)


def test_a_broken_download_never_becomes_a_data_file_and_is_resumed(tmp_path, settings, mirror):
    downloading = settings(sources=["mnist_download"], mirrors=[mirror.url])
    mirror.break_after = 2048
    with pytest.raises(UserError, match="interrupted"):
        sources.read_first_available(downloading)
    assert [p.suffix for p in (tmp_path / "mnist").iterdir()] == [".part"]
    mirror.break_after = None
    mirror.requests.clear()
    assert len(sources.read_first_available(downloading)[1].train) == 30
    assert mirror.requests[0] == ("/train-images-idx3-ubyte.gz", 2048)


def test_a_server_that_cannot_resume_is_asked_for_the_whole_file(tmp_path, settings, mirror):
    name = "train-images-idx3-ubyte.gz"
    write(tmp_path / "mnist", {f"{name}.part": mirror.files[name][:1000]})
    mirror.resumes = False
    downloading = settings(sources=["mnist_download"], mirrors=[mirror.url])
    assert len(sources.read_first_available(downloading)[1].train) == 30


@pytest.mark.parametrize("part", [b"not what the file begins with", None])
def test_a_part_that_is_wrong_or_already_whole_does_no_harm(tmp_path, settings, mirror, part):
    name = "train-images-idx3-ubyte.gz"
    write(tmp_path / "mnist", {f"{name}.part": part or mirror.files[name]})
    downloading = settings(sources=["mnist_download"], mirrors=[mirror.url, mirror.url])
    assert len(sources.read_first_available(downloading)[1].train) == 30


def test_a_mirror_out_of_order_does_not_cost_what_has_arrived(tmp_path, settings, mirror):
    name = "train-images-idx3-ubyte.gz"
    write(tmp_path / "mnist", {f"{name}.part": mirror.files[name][:1000]})
    broken = Mirror(mirror.files)
    broken.status = 503
    downloading = settings(sources=["mnist_download"], mirrors=[broken.url, mirror.url])
    assert len(sources.read_first_available(downloading)[1].train) == 30
    assert mirror.requests[0] == (f"/{name}", 1000)
    broken.server.shutdown()
    broken.server.server_close()


def test_a_folder_that_cannot_be_written_makes_the_source_unavailable(tmp_path, settings, mirror):
    (tmp_path / "mnist").write_bytes(b"a file where a folder should be")
    downloading = settings(sources=["mnist_download"], mirrors=[mirror.url])
    with pytest.raises(UserError, match=r"mnist_download: cannot write into .*mnist"):
        sources.read_first_available(downloading)


def test_a_mirror_that_serves_something_else_is_passed_over(tmp_path, settings, mirror):
    liar = Mirror(dict.fromkeys(mirror.files, b"<html>please log in</html>"))
    downloading = settings(sources=["mnist_download"], mirrors=[liar.url, mirror.url])
    assert len(sources.read_first_available(downloading)[1].train) == 30
    assert liar.requests
    liar.server.shutdown()
    liar.server.server_close()


def test_without_a_network_the_next_source_is_used_and_why_is_said(settings, caplog):
    nobody = "http://127.0.0.1:1"
    downloading = settings(sources=["mnist_download", "bundled_digits"], mirrors=[nobody])
    with caplog.at_level(logging.WARNING):
        assert sources.read_first_available(downloading)[0] == "bundled_digits"
    assert "ConnectionError" in caplog.text


# The real thing


@pytest.mark.mnist
def test_the_official_files_are_mnist(settings, mnist_dir):
    _, raw = sources.read_first_available(settings(mnist_dir=str(mnist_dir)))
    assert (len(raw.train), len(raw.test)) == (60_000, 10_000)
    assert raw.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert digest(raw.test.images) == sources.MNIST_SHA256["t10k-images-idx3-ubyte"]
