import os

import pytest
from PIL import Image

from mnist_pipeline.errors import UserError
from mnist_pipeline.reading.folder import BATCH_SIZE, find_pictures, prepare_files
from mnist_pipeline.reading.pictures import BadPictureError
from tests.reading.conftest import save_digit


@pytest.fixture
def names(tmp_path):
    """What is found in a folder, by its names below it."""

    def find(*patterns):
        paths = find_pictures(tmp_path, patterns) if patterns else find_pictures(tmp_path)
        return [path.relative_to(tmp_path).as_posix() for path in paths]

    return find


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_pictures_are_found_by_their_suffix_whatever_its_case(tmp_path, names):
    touch(tmp_path, "a.png", "b.PNG", "c.Jpg", "d.JPEG", "e.bmp", "f.tif", "g.TIFF")
    touch(tmp_path, "h.gif", "i.txt", "j", "png", "k.png.part", ".png")
    assert names() == ["a.png", "b.PNG", "c.Jpg", "d.JPEG", "e.bmp", "f.tif", "g.TIFF"]


def test_folders_are_gone_through_in_the_order_of_names(tmp_path, names):
    touch(tmp_path, "b/2.png", "b/1.png", "a.png", "c.png", "b/deep/er/0.png", "10.png", "9.png")
    expected = ["10.png", "9.png", "a.png", "b/1.png", "b/2.png", "b/deep/er/0.png", "c.png"]
    assert names() == expected


def test_hidden_files_and_folders_are_left_out(tmp_path, names):
    touch(tmp_path, ".a.png", "._b.png", ".cache/c.png", "d.png")
    assert names() == ["d.png"]


def test_a_folder_may_be_called_like_a_picture(tmp_path, names):
    touch(tmp_path, "a.png/b.png")
    assert names() == ["a.png/b.png"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["A1.PNG", "b2.jpg", "scans/a3.png", "scans/old/c4.png"]),
        (["**/*"], ["A1.PNG", "b2.jpg", "scans/a3.png", "scans/old/c4.png"]),
        (["*.png"], ["A1.PNG", "scans/a3.png", "scans/old/c4.png"]),
        (["**/*.png"], ["A1.PNG", "scans/a3.png", "scans/old/c4.png"]),
        (["a*"], ["A1.PNG", "scans/a3.png"]),
        (["scans/*"], ["scans/a3.png", "scans/old/c4.png"]),
        (["SCANS/OLD/*"], ["scans/old/c4.png"]),
        (["?2.*", "*c4*"], ["b2.jpg", "scans/old/c4.png"]),
        (["*.jpg", "b*"], ["b2.jpg"]),
        (["*.txt"], []),
    ],
)
def test_patterns_choose_files_by_name_or_by_path(tmp_path, names, patterns, expected):
    touch(tmp_path, "A1.PNG", "b2.jpg", "scans/a3.png", "scans/old/c4.png", "x.txt")
    assert names(*patterns) == expected


def test_a_file_may_be_named_in_place_of_a_folder(tmp_path):
    touch(tmp_path, "seven.webp")
    assert list(find_pictures(tmp_path / "seven.webp")) == [tmp_path / "seven.webp"]


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path):
    with pytest.raises(UserError, match="none: there is no such folder, and no such file"):
        find_pictures(tmp_path / "none")


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "secret/b.png")
    scandir = os.scandir

    def guarded(folder):
        if folder.name == "secret":  # by its mode nothing can be kept from root
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    with pytest.raises(UserError, match=r"secret: this folder cannot be read \(Permission denied"):
        list(find_pictures(tmp_path))


def test_a_link_to_a_picture_is_followed_and_one_to_nothing_is_found_too(tmp_path, names):
    touch(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "c.png").symlink_to(tmp_path / "nothing")
    assert names() == ["a.png", "b.png", "c.png"]


def test_a_link_to_a_folder_around_is_not_walked_in_circles(tmp_path, names):
    touch(tmp_path, "a.png")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert names() == ["a.png"]


# Batches


def test_files_come_prepared_in_their_order_with_what_was_found(tmp_path):
    save_digit(tmp_path / "a.png")
    Image.new("L", (30, 30), 0).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"text")
    paths = [tmp_path / f"{name}.png" for name in "cabdac"]
    (batch,) = prepare_files(paths)
    assert batch.paths == paths
    kinds = [getattr(one, "code", None) or (one is not None and "digit") for one in batch.found]
    assert kinds == ["not_a_picture", "digit", False, "not_found", "digit", "not_a_picture"]
    assert isinstance(batch.found[0], BadPictureError)


def test_of_no_files_there_is_no_batch():
    assert list(prepare_files([])) == []


@pytest.mark.parametrize("n", [1, BATCH_SIZE, BATCH_SIZE + 1])
def test_no_file_is_lost_between_batches(tmp_path, n):
    paths = [tmp_path / f"{k}.png" for k in range(n)]
    batches = list(prepare_files(paths))
    assert [path for batch in batches for path in batch.paths] == paths
    assert all(len(batch.found) == len(batch.paths) <= BATCH_SIZE for batch in batches)


def test_of_two_thousand_files_never_more_than_a_few_batches_are_held(tmp_path):
    Image.new("L", (8, 8), 0).save(tmp_path / "first.png")
    for k in range(2000):
        os.link(tmp_path / "first.png", tmp_path / f"{k:04d}.png")
    consumed = 0

    def recorded():
        nonlocal consumed
        for path in find_pictures(tmp_path):
            consumed += 1
            yield path

    done = 0
    for batch in prepare_files(recorded()):
        done += len(batch.paths)
        assert consumed <= done + BATCH_SIZE
    assert done == consumed == 2001
