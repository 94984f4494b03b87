// SPDX-License-Identifier: MIT
/// Everything, and the map of the library.
///
///   rules/        the table of derivatives: one struct a function, one list that everything enumerates
///   tape.hpp      the Wengert list: columns, variables, mark / rewind / clear, statistics; parts of it with names: tape_scopes.hpp
///   handle.hpp    Scalar, a number with a place on a tape      recorder.hpp  how an operator becomes a row      scalar.hpp  its arithmetic
///   condition.hpp comparisons of Scalars: a branch, or for where() a value
///   shape.hpp     extents, strides, broadcasting               tensor.hpp    values + shape + place on a tape
///   node.hpp      tensor rows: what a primitive is             ops/          the primitives, VJP and JVP side by side
///   sweep.hpp     the reverse sweep and the tangent sweep: the chain rule, all of it
///   gradient.hpp  what users ask: gradient(y), value_and_gradient(f, x...)
///   derivatives.hpp       jvp, vjp, jacobian, hessian, hvp of functions; any order by nesting. Behind it: kinds.hpp (what a number, tensor,
///                         container or struct is to a function), value.hpp, recording.hpp (one run, swept in either direction)
///   recorded_gradient.hpp the gradient as values on the tape       tangent.hpp   tangents from seeds, plain or recorded
///                         Behind both: replay.hpp, the rules evaluated on recorded values
///   function.hpp  record(f, x...): recorded once, replayed at a point, or at many in SIMD lanes and threads
///   elementwise.hpp       the same for the elements of tensors, as one operation       program/      what both run: a list of instructions,
///                         its derivatives, a plan, and loops in lanes
///   sparse/       patterns, colours, and Jacobians and Hessians of few entries
///   control.hpp   scaled, reversed, stopped, watched adjoints      custom.hpp    operations of your own
///   checkpoint.hpp memory for time (revolve.hpp: which snapshots)  implicit.hpp  fixed points and roots
///                         Behind these: call.hpp, a program inside a program      compensated.hpp  adjoints that remember what rounding lost
///   structure.hpp models are plain structs: their parameters by name
///   check/        gradient checking; manual gradients against the tape, and which mistake was made
///   io/           npy, npz, JSON and safetensors
///   explain/      the ledger of the chain rule, in words and numbers
///   memory.hpp    the pool that tensors live in                fast_paths.hpp  kernels of compositions, on or off
///   kernels/      numbers only: loops, GEMM, convolution, threads
///   eigen.hpp     optional, not included here: matrices of Scalar      adaptors/     optional: Ceres, Eigen's optimisers, Boost.odeint
#pragma once

#include "autodiff/check/compare.hpp"
#include "autodiff/check/remarks.hpp"
#include "autodiff/checkpoint.hpp"
#include "autodiff/control.hpp"
#include "autodiff/custom.hpp"
#include "autodiff/derivatives.hpp"
#include "autodiff/elementwise.hpp"
#include "autodiff/error.hpp"
#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/fast_paths.hpp"
#include "autodiff/format.hpp"
#include "autodiff/function.hpp"
#include "autodiff/gradient.hpp"
#include "autodiff/implicit.hpp"
#include "autodiff/memory.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"
#include "autodiff/ops/split.hpp"
#include "autodiff/recorded_gradient.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/sparse/derivatives.hpp"
#include "autodiff/tangent.hpp"
#include "autodiff/tape.hpp"
#include "autodiff/tensor.hpp"
