from benchmarks.memory import main
from click.testing import CliRunner

from benchmarks import memory


def test_each_run_has_a_process_of_its_own_and_a_row(monkeypatch, tmp_path):
    asked = []

    def start_kedro(folder, pipeline, mnist_dir, params, *, env):
        assert (folder / "pyproject.toml").exists()
        asked.append((folder, pipeline, mnist_dir, params["cnn.training.epochs"], env))
        return 10.0 * len(asked), len(asked) / 3

    monkeypatch.setattr(memory, "start_kedro", start_kedro)
    arguments = [f"--mnist-dir={tmp_path}", "--pipelines=mlp,reading", "--env=quick", "--epochs=2"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert [rest for _, *rest in asked] == [
        ["mlp", tmp_path, 2, "quick"], ["reading", tmp_path, 2, "quick"]
    ]  # fmt: skip
    assert asked[0][0] != asked[1][0]
    assert "| `mlp` | 0.33 GiB | 10 |\n| `reading` | 0.67 GiB | 20 |" in done.output
