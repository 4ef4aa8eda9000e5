"""Asks hnswlib and faiss what parley's index was asked, on the same vectors, with one thread.

Arguments: a file of float32 vectors, one of questions, one of the true neighbours as int32, and how many numbers a vector has.
Writes one line of JSON for each library and width.
"""
import json
import sys
import time

import faiss
import hnswlib
import numpy as np

vectors, questions, truth = (
    np.fromfile(path, dtype=kind) for path, kind in zip(sys.argv[1:4], (np.float32, np.float32, np.int32))
)
dim = int(sys.argv[4])
vectors, questions = vectors.reshape(-1, dim), questions.reshape(-1, dim)
truth = truth.reshape(len(questions), -1)
K, LINKS, CHOICE, ROUNDS = truth.shape[1], 16, 100, 3
WIDTHS = (10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800)


def ask(name, build, width, search):
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        found = [search(q) for q in questions]
        took.append(time.process_time() - began)
    right = sum(len(set(t) & set(f)) for t, f in zip(truth.tolist(), found))
    print(json.dumps({
        "name": name, "reach": width, "recall": right / truth.size, "build_cpu_s": build,
        "cpu_ns": int(sorted(took)[ROUNDS // 2] / len(questions) * 1e9),
    }), flush=True)


began = time.process_time()
index = hnswlib.Index(space="ip", dim=dim)
index.init_index(max_elements=len(vectors), ef_construction=CHOICE, M=LINKS)
index.set_num_threads(2)
index.add_items(vectors)
built = time.process_time() - began
index.set_num_threads(1)
for width in WIDTHS:
    index.set_ef(width)
    ask("hnswlib", built, width, lambda q: index.knn_query(q, k=K)[0][0].tolist())
del index

began = time.process_time()
index = faiss.IndexHNSWFlat(dim, LINKS, faiss.METRIC_INNER_PRODUCT)
index.hnsw.efConstruction = CHOICE
faiss.omp_set_num_threads(2)
index.add(vectors)
built = time.process_time() - began
faiss.omp_set_num_threads(1)
for width in WIDTHS:
    index.hnsw.efSearch = width
    ask("faiss", built, width, lambda q: index.search(q[None], K)[1][0].tolist())
del index

index = faiss.IndexFlatIP(dim)
index.add(vectors)
ask("faiss, all looked at", 0, 0, lambda q: index.search(q[None], K)[1][0].tolist())
