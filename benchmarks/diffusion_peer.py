"""In the peers' environment: denoising-diffusion-pytorch learns images for so many seconds and
makes new ones.

    benchmarks/.venv-peers/bin/python benchmarks/diffusion_peer.py train.npy SECONDS N SEED CORES
    out.npy

Its network and diffusion as in its README's example, made small enough for a processor (dim 32, two
halvings as 28 = 7 x 4); Adam, averaged weights and DDIM as in its own Trainer, whose file-reading
and torchvision are not needed here.
"""

from __future__ import annotations

import json
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch

# torchvision, of which only the unused Trainer has need, does not load beside the CPU build of
# torch
for name in ("torchvision", "torchvision.transforms", "torchvision.utils"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["torchvision"].transforms, sys.modules["torchvision"].utils = (
    sys.modules["torchvision.transforms"],
    sys.modules["torchvision.utils"],
)

from denoising_diffusion_pytorch.denoising_diffusion_pytorch import GaussianDiffusion, Unet  # noqa: E402
from ema_pytorch import EMA  # noqa: E402

BATCH, RATE, MOVES = 32, 1e-3, 50


def main() -> None:
    source, seconds, count, seed, cores, out = sys.argv[1:]
    torch.manual_seed(int(seed))
    torch.set_num_threads(int(cores))
    images = torch.from_numpy(np.load(source)).float().div_(255)
    images = images[:, None] if images.dim() == 3 else images.movedim(-1, 1)
    net = Unet(dim=32, dim_mults=(1, 2, 4), channels=images.shape[1], flash_attn=False)
    diffusion = GaussianDiffusion(
        net, image_size=images.shape[-1], timesteps=1000, sampling_timesteps=MOVES
    )
    averaged = EMA(diffusion, beta=0.995, update_every=10)
    optimizer = torch.optim.Adam(diffusion.parameters(), RATE, betas=(0.9, 0.99))
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < float(seconds):
        loss = diffusion(images[torch.randint(len(images), (BATCH,))])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
        optimizer.step()
        averaged.update()
        steps += 1
    fitted, began = time.perf_counter() - began, time.perf_counter()
    averaged.ema_model.eval()
    made = []
    while sum(map(len, made)) < int(count):
        with torch.inference_mode():
            made.append(
                averaged.ema_model.sample(batch_size=min(250, int(count) - sum(map(len, made))))
            )
    pixels = torch.cat(made).mul(255).round().clamp(0, 255).byte().movedim(1, -1).numpy()
    np.save(out, pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    print(json.dumps({"fit": fitted, "sample": time.perf_counter() - began, "steps": steps}))


if __name__ == "__main__":
    Path(sys.argv[-1]).parent.mkdir(parents=True, exist_ok=True)
    main()
