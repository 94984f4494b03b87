// SPDX-License-Identifier: MIT
/// Everything for training, and a map of it. Nothing below nn/ contains a derivative: layers and losses are formulas, and the sweep does
/// the rest.
///
///     random.hpp        a generator as a value: seed and position
///     parameters.hpp    the parameters of a plain struct, with names
///     walk.hpp          train, eval, take_state: what is done to every layer
///     initialise.hpp    kaiming, xavier and other starts
///     linear.hpp  conv.hpp  conv1d.hpp  conv_transpose.hpp  pool.hpp  embedding.hpp  dropout.hpp  activations.hpp  sequential.hpp
///     batch_norm.hpp  layer_norm.hpp  rms_norm.hpp  group_norm.hpp  weight_norm.hpp
///     recurrent.hpp     RNN, LSTM, GRU                    recurrent_cells.hpp   one step of each
///     attention.hpp     attention, with several heads     transformer.hpp       encoder, decoder     positions.hpp  where tokens stand
///     losses.hpp        mse, cross_entropy, ...
///     optimizers.hpp    SGD, Adam, AdamW, clipping        schedules.hpp    their rates
///     data.hpp          data | shuffle(rng) | batch(64)
///     training.hpp      accuracy, confusion               summary.hpp      a model as a table
///     checkpoint.hpp    save and load
#pragma once

#include "nn/activations.hpp"
#include "nn/attention.hpp"
#include "nn/batch_norm.hpp"
#include "nn/checkpoint.hpp"
#include "nn/conv.hpp"
#include "nn/conv1d.hpp"
#include "nn/conv_transpose.hpp"
#include "nn/data.hpp"
#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "nn/group_norm.hpp"
#include "nn/initialise.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/losses.hpp"
#include "nn/optimizers.hpp"
#include "nn/parameters.hpp"
#include "nn/pool.hpp"
#include "nn/positions.hpp"
#include "nn/random.hpp"
#include "nn/recurrent.hpp"
#include "nn/recurrent_cells.hpp"
#include "nn/rms_norm.hpp"
#include "nn/schedules.hpp"
#include "nn/sequential.hpp"
#include "nn/summary.hpp"
#include "nn/training.hpp"
#include "nn/transformer.hpp"
#include "nn/walk.hpp"
#include "nn/weight_norm.hpp"
