"""PyTorch, torchvision and torchaudio: numbers that can be worked out by hand."""

from __future__ import annotations

import math

import pytest


@pytest.mark.workload(
    "torch-gradient", needs=("torch",), seconds=3, timeout=60, oldest={"torch": "2.2.0"}
)
def test_gradient() -> None:
    """Differentiate x * sin(x) + exp(2x); the derivative is known."""
    import torch

    x = torch.linspace(-2, 2, 41, dtype=torch.float64, requires_grad=True)
    (x * torch.sin(x) + torch.exp(2 * x)).sum().backward()
    at = x.detach()
    expected = torch.sin(at) + at * torch.cos(at) + 2 * torch.exp(2 * at)
    torch.testing.assert_close(x.grad, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.workload(
    "torch-numpy-bridge",
    needs=("torch",),
    uses=("numpy",),
    seconds=3,
    timeout=60,
    oldest={"torch": "2.2.0"},
)
def test_numpy_bridge() -> None:
    """Share memory with NumPy both ways: what one side writes, the other reads."""
    import numpy as np
    import torch

    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = torch.from_numpy(array)
    tensor[0, 0] = 7
    array[1, 2] = -1
    assert tensor.tolist() == array.tolist() == [[7, 1, 2], [3, 4, -1]]

    made = torch.zeros(3, dtype=torch.int64)
    view = made.numpy()
    view += 2
    assert made.tolist() == [2, 2, 2]
    assert torch.tensor(np.float64(0.1)).item() == 0.1


@pytest.mark.workload(
    "torch-training", needs=("torch",), seconds=5, timeout=90, oldest={"torch": "2.2.0"}
)
def test_training() -> None:
    """Train a small net below a bound; its copy by state and its TorchScript agree with it."""
    import torch

    def net() -> torch.nn.Sequential:
        return torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))

    torch.manual_seed(0)
    x = torch.linspace(-3, 3, 64).unsqueeze(1)
    trained, loss = net(), torch.nn.MSELoss()
    optimizer = torch.optim.Adam(trained.parameters(), lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        error = loss(trained(x), torch.sin(x))
        error.backward()
        optimizer.step()
    assert error.item() < 1e-3

    torch.save(trained.state_dict(), "state.pt")
    copy = net()
    copy.load_state_dict(torch.load("state.pt", weights_only=True))
    torch.jit.script(trained).save("script.pt")
    script = torch.jit.load("script.pt")
    with torch.no_grad():
        assert torch.equal(copy(x), trained(x))
        torch.testing.assert_close(script(x), trained(x))


@pytest.mark.workload(
    "torchvision-images",
    needs=("torchvision",),
    seconds=5,
    timeout=60,
    oldest={"torchvision": "0.17.0"},
)
def test_torchvision() -> None:
    """Run compiled operators on boxes and on a PNG, and a model with random weights.

    The model's features lead to its answer by hand.
    """
    import torch
    from torchvision import io, ops
    from torchvision.models import resnet18
    from torchvision.models.feature_extraction import create_feature_extractor

    boxes = torch.tensor([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]], dtype=torch.float32)
    overlap = ops.box_iou(boxes, boxes)
    assert overlap[0, 1].item() == pytest.approx(90 / 110)
    assert overlap[0, 2].item() == 0
    kept = ops.nms(boxes, torch.tensor([0.8, 0.9, 0.7]), iou_threshold=0.5)
    assert kept.tolist() == [1, 2]
    image = torch.arange(3 * 8 * 8, dtype=torch.uint8).reshape(3, 8, 8)
    assert torch.equal(io.decode_png(io.encode_png(image)), image)

    torch.manual_seed(0)
    model = resnet18(weights=None, num_classes=5).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        answer = model(images)
        features = create_feature_extractor(model, ["flatten"])(images)["flatten"]
        torch.testing.assert_close(features @ model.fc.weight.T + model.fc.bias, answer)
    assert answer.shape == (2, 5)
    assert not torch.equal(answer[0], answer[1])


@pytest.mark.workload(
    "torchaudio-sines", needs=("torchaudio",), seconds=3, timeout=60, oldest={"torchaudio": "2.2.0"}
)
def test_torchaudio() -> None:
    """Resample a sine, which stays the same sine; find another one's pitch in its spectrogram."""
    import torch
    import torchaudio

    def sine(frequency: int, rate: int) -> torch.Tensor:
        return torch.sin(2 * math.pi * frequency * torch.arange(rate) / rate)

    resampled = torchaudio.functional.resample(sine(440, 16000), 16000, 8000)
    assert resampled.shape == (8000,)
    # The filter has nothing to reach for at the edges.
    torch.testing.assert_close(resampled[50:-50], sine(440, 8000)[50:-50], rtol=0, atol=1e-2)

    rate, window, frequency = 8000, 400, 1000
    spectrogram = torchaudio.transforms.Spectrogram(n_fft=window, power=2)(sine(frequency, rate))
    assert spectrogram.shape[0] == window // 2 + 1
    power = spectrogram[:, 2:-2].mean(dim=1)  # The outer frames see the sine mirrored.
    assert power.argmax().item() * rate / window == frequency
    assert (power.topk(3).values.sum() / power.sum()).item() > 0.99
